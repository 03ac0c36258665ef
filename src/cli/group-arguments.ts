import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { Failure, usageExitCode } from './failure.ts'

/**
 * Prepares the arguments of a command for commander, which has no options with two or three values:
 * `-D publish user-property k v` becomes `-D '["publish","user-property","k","v"]'`. `-o FILE` is replaced by the
 * options in the file, one a line.
 */
export function groupArguments(command: Command, given: readonly string[]): string[] {
  const grouped: string[] = []
  const rest = [...given]
  for (let token = rest.shift(); token !== undefined; token = rest.shift()) {
    const option = command.options.find(({ short, long }) => short === token || long === token)
    if (option?.attributeName() === 'property') grouped.push(token, JSON.stringify(takeProperty(rest)))
    else if (option?.attributeName() === 'optionsFile') rest.unshift(...optionsIn(rest.shift()))
    else if (option?.required) grouped.push(token, ...rest.splice(0, 1))
    else grouped.push(token)
  }
  return grouped
}

/** A packet, the name of a property, and its value; user properties have a name of their own before the value. */
function takeProperty(rest: string[]): string[] {
  const length = rest[1] === 'user-property' ? 4 : 3
  if (rest.length < length) {
    throw new Failure(
      '-D needs a packet, a property and a value, such as: -D publish content-type text/plain',
      usageExitCode,
    )
  }
  return rest.splice(0, length)
}

function optionsIn(file: string | undefined): string[] {
  if (file === undefined) throw new Failure('-o needs the name of a file', usageExitCode)
  const tokens: string[] = []
  for (const line of textOf(file).split(/\r?\n/)) {
    const [, option, value] = /^\s*(\S+)\s*(.*?)\s*$/.exec(line) ?? []
    if (option === undefined || option.startsWith('#')) continue
    tokens.push(option)
    if (value === undefined || value === '') continue
    if (option === '-D' || option === '--property') tokens.push(...propertyWords(value))
    else tokens.push(value)
  }
  return tokens
}

/** The value of a property may hold blanks: only the words before it are split off. */
function propertyWords(text: string): string[] {
  const words = text.split(/\s+/, 3)
  const fixed = words[1] === 'user-property' ? 3 : 2
  const pattern = new RegExp(`^((?:\\S+\\s+){${fixed}})(.*)$`)
  const [, start, value] = pattern.exec(text) ?? []
  return start === undefined || value === undefined ? words : [...start.trim().split(/\s+/), value]
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new Failure(`${file}: cannot be read`)
  }
}
