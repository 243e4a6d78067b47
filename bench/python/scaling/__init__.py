"""Training on several processes and hosts: how it is launched, measured and predicted."""
