"""Where boxes of graphs stand."""

from gatedcore.plot.ranks import laid_out, ranks_of

# A diamond with a way past it, and a second input low down: 0 -> 1, 2 -> 3; 0 -> 5; 4 -> 5; 3 -> 5.
SOURCES = [[], [0], [0], [1, 2], [], [3, 0, 4]]
SIZES = [(120.0, 30.0), (150.0, 50.0), (90.0, 30.0), (120.0, 30.0), (80.0, 30.0), (120.0, 30.0)]


def test_each_rank_lies_below_what_feeds_it_and_inputs_stand_low():
    assert ranks_of(SOURCES) == [0, 1, 1, 2, 2, 3]
    assert ranks_of([[], [0], [1]]) == [0, 1, 2]


def test_boxes_and_edges_keep_clear_of_each_other():
    layout = laid_out(SIZES, SOURCES)
    for a in layout.boxes:
        assert min(a.x, a.y) >= 0.0
        assert a.x + a.width <= layout.width
        assert a.y + a.height <= layout.height
        for b in layout.boxes:
            if a is not b:
                apart = a.x + a.width < b.x or b.x + b.width < a.x
                assert apart or a.y + a.height < b.y or b.y + b.height < a.y
    assert len(layout.edges) == 7
    for points in layout.edges:
        assert points[0][1] < points[-1][1]
        for x, y in points[1:-1]:
            assert not any(
                b.x < x < b.x + b.width and b.y < y < b.y + b.height for b in layout.boxes
            )
    # The edge from 0 to 5 passes two ranks, each along a lane.
    assert max(len(points) for points in layout.edges) == 6
