import type { IPublishPacket } from 'mqtt'
import { Failure, usageExitCode } from '../failure.ts'
import { jsonText } from './message-json.ts'
import type { Received } from './received.ts'
import { isoTime, timePart } from './strftime.ts'

/** Makes the bytes that are printed for a message. */
export type MessageFormat = (message: Received) => Buffer

type Piece = (message: Received) => Buffer | string

/** Compiles a format such as `%t %p` or `@H:@M:@S %-20t %x`, as mosquitto_sub has them. */
export function compileFormat(format: string): MessageFormat {
  const pieces: Piece[] = []
  const pattern =
    /%(?<flags>[-0]*)(?<width>\d{1,4})?(?:\.(?<most>\d{1,4}))?(?<field>.)|@(?<time>.)|\\(?<special>.)|[^%@\\]+|./gsu
  for (const match of format.matchAll(pattern)) pieces.push(pieceOf(match))
  return (message) => Buffer.concat(pieces.map((piece) => bytesOf(piece(message))))
}

function pieceOf(match: RegExpMatchArray): Piece {
  const { flags = '', width, most, field, time, special } = match.groups ?? {}
  if (time !== undefined) return timePiece(time)
  if (special !== undefined) return specialPiece(special)
  if (field === undefined) return textPiece(match[0])
  const value = Object.hasOwn(fields, field) ? fields[field] : undefined
  if (value === undefined) throw new Failure(`-F: there is no %${field}`, usageExitCode)
  if (width === undefined && most === undefined) return value
  const fill = flags.includes('0') && !flags.includes('-') && zeroFilled.has(field) ? '0' : ' '
  return (message) => fitted(bytesOf(value(message)), Number(width ?? 0), most, fill, flags.includes('-'))
}

const fields: Readonly<Record<string, Piece>> = {
  '%': () => '%',
  A: ({ packet }) => numberText(packet.properties?.topicAlias),
  C: ({ packet }) => packet.properties?.contentType ?? '',
  D: ({ packet }) => packet.properties?.correlationData ?? '',
  E: ({ packet }) => numberText(packet.properties?.messageExpiryInterval),
  F: ({ packet }) => indicator(packet.properties?.payloadFormatIndicator),
  I: ({ time }) => isoTime(new Date(time), ''),
  j: (message) => jsonText(message, false),
  J: (message) => jsonText(message, true),
  l: ({ payload }) => String(payload.length),
  m: ({ packet }) => String(packet.messageId ?? 0),
  p: ({ payload }) => payload,
  P: ({ packet }) => userProperties(packet),
  q: ({ packet }) => String(packet.qos),
  r: ({ packet }) => (packet.retain ? '1' : '0'),
  R: ({ packet }) => packet.properties?.responseTopic ?? '',
  S: ({ packet }) => [packet.properties?.subscriptionIdentifier ?? []].flat().join(','),
  t: ({ topic }) => topic,
  U: ({ time }) => `${Math.floor(time / 1_000)}.${String(Math.floor((time % 1_000) * 1_000)).padStart(6, '0')}000`,
  x: ({ payload }) => payload.toString('hex'),
  X: ({ payload }) => payload.toString('hex').toUpperCase(),
}

const zeroFilled: ReadonlySet<string> = new Set(['A', 'E', 'F', 'l', 'm', 'S', 'x', 'X'])

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\',
  '0': '\0',
  a: '\x07',
  e: '\x1b',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

function timePiece(letter: string): Piece {
  if (letter === '@') return textPiece('@')
  const part = timePart(letter)
  if (part === null) throw new Failure(`-F: there is no @${letter}`, usageExitCode)
  return ({ time }) => part(new Date(time))
}

function specialPiece(letter: string): Piece {
  const text = Object.hasOwn(escapes, letter) ? escapes[letter] : undefined
  if (text === undefined) throw new Failure(`-F: there is no \\${letter}`, usageExitCode)
  return textPiece(text)
}

function textPiece(text: string): Piece {
  const bytes = Buffer.from(text)
  return () => bytes
}

function fitted(bytes: Buffer, width: number, most: string | undefined, fill: string, left: boolean): Buffer {
  const cut = most === undefined ? bytes : bytes.subarray(0, Number(most))
  const filling = Buffer.alloc(Math.max(0, width - cut.length), fill)
  return Buffer.concat(left ? [cut, filling] : [filling, cut])
}

function userProperties(packet: IPublishPacket): string {
  const pairs = Object.entries(packet.properties?.userProperties ?? {})
  return pairs.flatMap(([name, values]) => [values].flat().map((value) => `${name}:${value}`)).join(' ')
}

function indicator(value: boolean | undefined): string {
  return value === undefined ? '' : value ? '1' : '0'
}

function numberText(value: number | undefined): string {
  return value === undefined ? '' : String(value)
}

function bytesOf(piece: Buffer | string): Buffer {
  return typeof piece === 'string' ? Buffer.from(piece) : piece
}
