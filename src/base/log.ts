import { type DestinationStream, pino } from 'pino'
import { escapedControls } from './log-text.ts'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** A constant short message, then the fields that vary. Secrets never go in. */
export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

/** A log that writes one JSON object a line to `destination` (standard error by default). */
export function jsonLog(level: LogLevel, destination: DestinationStream = pino.destination(2)): Log {
  const escaping = { write: (line: string) => destination.write(escapedControls(line)) }
  const sink = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, escaping)
  return {
    debug: (message, fields) => sink.debug(fields ?? {}, message),
    info: (message, fields) => sink.info(fields ?? {}, message),
    warn: (message, fields) => sink.warn(fields ?? {}, message),
    error: (message, fields) => sink.error(fields ?? {}, message),
  }
}

const nothing = () => {}

/** A log that says nothing: the default of an embedded broker. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing }
