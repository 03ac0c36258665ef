/** A terminal's Ctrl-C reaches a program started by npm twice: from the terminal and passed on by npm. */
const echoMilliseconds = 300

const interrupted = 130

/** How often a broker started by npm looks whether npm is still there. */
const orphanMilliseconds = 500

/**
 * Resolves at the first SIGINT or SIGTERM; a later one ends the process at once. Under `npm start` also when npm is
 * gone: npm passes a SIGTERM to a shell that dies of it without passing it on.
 */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let first = 0
    const received = (signal: NodeJS.Signals) => {
      if (first === 0) {
        first = performance.now()
        resolve(signal)
      } else if (performance.now() - first > echoMilliseconds) {
        process.exit(interrupted)
      }
    }
    if (process.env.npm_lifecycle_event !== undefined) onceOrphaned(() => received('SIGTERM'))
    process.on('SIGINT', received)
    process.on('SIGTERM', received)
  })
}

function onceOrphaned(orphaned: () => void): void {
  const parent = process.ppid
  const look = () => {
    if (process.ppid === parent) return
    clearInterval(timer)
    orphaned()
  }
  const timer = setInterval(look, orphanMilliseconds)
  timer.unref()
}
