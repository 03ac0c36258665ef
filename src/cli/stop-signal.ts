/** A terminal's Ctrl-C reaches a program started by npm twice: from the terminal and passed on by npm. */
const echoMilliseconds = 300

const interrupted = 130

/** Resolves at the first SIGINT or SIGTERM; a later one ends the process at once. */
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
    process.on('SIGINT', received)
    process.on('SIGTERM', received)
  })
}
