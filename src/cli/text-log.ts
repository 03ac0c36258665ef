import type { Log, LogLevel } from '../base/log.ts'
import { escapedControls } from '../base/log-text.ts'

const order: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'silent']

/** A log for people: time, level, message and `name=value` fields on one line. */
export function textLog(level: LogLevel, write: (line: string) => void, now: () => Date): Log {
  const least = order.indexOf(level)
  const at = (name: LogLevel) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
    if (order.indexOf(name) >= least) write(`${timeOf(now())} ${name.padEnd(5)} ${message}${fieldsText(fields)}\n`)
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

function timeOf(date: Date): string {
  return date.toISOString().replace('T', ' ').replace('Z', '')
}

function fieldsText(fields: Readonly<Record<string, unknown>> = {}): string {
  let text = ''
  for (const [name, value] of Object.entries(fields)) text += ` ${name}=${valueText(value)}`
  return text
}

function valueText(value: unknown): string {
  if (value instanceof Error) return quoted(value.stack ?? value.message)
  if (typeof value === 'string') return /^[\w.:/@+[\]-]+$/.test(value) ? value : quoted(value)
  return quoted(value)
}

function quoted(value: unknown): string {
  return escapedControls(JSON.stringify(value) ?? String(value))
}
