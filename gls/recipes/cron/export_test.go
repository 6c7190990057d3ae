package cron

// RunID is the storage that jobs find set.
var RunID = runID
