/** The server, or one in front of it, says that it cannot answer anybody now. */
export function isOverloaded(status: number): boolean {
  return status === 429 || status === 502 || status === 503 || status === 504
}

/** Statuses of the 4xx that are about how we ask, or how much, and not about the client. */
const aboutUs = new Set([405, 407, 408, 415, 421, 425, 429])

/** The server says no to what it was asked about. */
export function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && !aboutUs.has(status)
}
