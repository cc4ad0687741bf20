"""The work: one thread, one inbox, jobs as generators. No Qt; torch is imported by the modules that compute."""
