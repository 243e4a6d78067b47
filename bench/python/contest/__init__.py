"""Libraries timed beside each other: cases, one process for each library, turns, results.

``cases`` says what is timed, ``problem`` makes its numbers, ``adapters`` compute it with each
library, ``worker`` is the process of one library, ``turns`` lets the processes take turns,
``document`` is the JSON file. ``figures`` and ``targets`` read it for the report.

Of whole trainings ``job_problem`` says what they are, ``trainers`` run them with each library,
``job_worker`` is the process, ``job_figures`` is what follows from their times.
"""
