/** What the broker counts since its start. Plain numbers, so that counting costs nothing on the way of a message. */
export class Counters {
  bytesReceived = 0
  bytesSent = 0
  packetsReceived = 0
  packetsSent = 0
  publishReceived = 0
  publishSent = 0
  publishDropped = 0
  publishRefused = 0
  publishBytesReceived = 0
  publishBytesSent = 0
  connectionsAccepted = 0
  connectionsRefused = 0
  /** Of these, those of clients that did not prove who they are. */
  authenticationsFailed = 0
  subscribesAccepted = 0
  subscribesRefused = 0
  /** Gauges. */
  connections = 0
  connectionsMaximum = 0
  sessions = 0
  subscriptions = 0
  retained = 0
  retainedBytes = 0
  queued = 0
  queuedBytes = 0
}
