import Type from 'typebox'
import { bytes, count, flag, milliseconds, optionalFile, requiredFile } from './option.ts'

const headerSchema = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 128,
      description: 'The name of the header, such as `Authorization`.',
      live: false,
    }),
    file: requiredFile('A file with its value, such as `Bearer …`; read again when it changes.'),
  },
  { additionalProperties: false },
)

const breakerSchema = Type.Object(
  {
    failures: count(5, 'How many questions in a row must go without an answer before no more are asked for a while.', {
      minimum: 1,
      maximum: 10_000,
    }),
    pause: milliseconds(1_000, 'How long that is at first; it doubles each time there is no answer after it.'),
    maximumPause: milliseconds(30_000, 'How long that is at most.'),
  },
  {
    additionalProperties: false,
    default: {},
    description: 'What happens while the server cannot be reached: it is left alone, and nobody waits for it.',
  },
)

/** The options of everything that asks a web server. */
export const httpServiceOptions = {
  headers: Type.Array(headerSchema, {
    default: [],
    maxItems: 16,
    description: 'Headers that tell the server who asks.',
    live: false,
  }),
  ca: optionalFile('PEM file with the authorities the server is trusted by.', 'those that come with Node.js'),
  certificate: optionalFile('PEM file with the certificate shown to the server, and its chain.', 'none'),
  key: optionalFile('PEM file with the private key of that certificate.', 'none'),
  allowHttp: flag(false, 'Questions may go over http to other machines, where anybody on the way can read them.'),
  timeout: milliseconds(5_000, 'The longest time for an answer, from the question on.', { maximum: 60_000 }),
  connections: count(32, 'Questions at a time.', { minimum: 1, maximum: 10_000 }),
  waiting: count(1_000, 'Questions that wait for their turn; those beyond that are not asked.', {
    maximum: 100_000,
  }),
  replyBytes: bytes(65_536, 'The largest answer.', { minimum: 256, maximum: 1_048_576 }),
  breaker: breakerSchema,
} as const
