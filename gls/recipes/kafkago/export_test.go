package kafkago

// MessageID is the storage that handlers find set.
var MessageID = messageID
