"""Many videos: jobs, workers, resume, clusters."""
