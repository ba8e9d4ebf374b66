"""The benchmarks, each with a stated limit: `python -m bench`; some of them: `python -m bench --only list,search`."""
