import Type from 'typebox'
import { bytes, choice, count, flag, milliseconds, optionalFile, requiredFile, seconds, texts } from './option.ts'

const day = 86_400

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

const cacheSchema = Type.Object(
  {
    allowed: seconds(0, 'How long a client that was let in is let in again without a question.', {
      maximum: day,
      words: { none: 0 },
    }),
    denied: seconds(0, 'How long a client that was refused is refused again without a question.', {
      maximum: day,
      words: { none: 0 },
    }),
    entries: count(10_000, 'Answers that are kept.', { minimum: 1, maximum: 10_000_000 }),
  },
  {
    additionalProperties: false,
    default: {},
    description: 'Answers that are used again for the same client with the same credentials. No password is kept.',
  },
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
    description: 'What happens while the server cannot be reached: clients are told at once to come back later.',
  },
)

export const httpAuthenticationSchema = Type.Object(
  {
    url: Type.String({
      minLength: 1,
      description: 'The URL that is asked, `https://…`; `http://…` on this machine only.',
      live: false,
    }),
    contract: choice(
      ['webhook', 'form'],
      'webhook',
      'How it is asked: `webhook`: all the client said, as JSON, answered with a decision in JSON; `form`: user name, ' +
        'password and client identifier, as plug-ins of Mosquitto do.',
    ),
    body: choice(['form', 'json'], 'form', 'For `contract: form`: how the three are sent, as a form or as JSON.'),
    reply: choice(
      ['status', 'json', 'text'],
      'status',
      'For `contract: form`: what must come back with status 200: nothing more, `{"ok": true}`, or the text `ok`.',
    ),
    methods: texts([], 'For `contract: webhook`: MQTT 5 authentication methods whose data is passed on.'),
    withoutProof: flag(false, 'Clients that send neither a password nor a certificate are asked about, too.'),
    headers: Type.Array(headerSchema, {
      default: [],
      maxItems: 16,
      description: 'Headers that tell the server who asks.',
      live: false,
    }),
    ca: optionalFile('PEM file with the authorities the server is trusted by.', 'those that come with Node.js'),
    certificate: optionalFile('PEM file with the certificate shown to the server, and its chain.', 'none'),
    key: optionalFile('PEM file with the private key of that certificate.', 'none'),
    allowHttp: flag(false, 'Passwords may go over http to other machines, where anybody on the way can read them.'),
    timeout: milliseconds(5_000, 'The longest time for an answer, from the question on.', { maximum: 60_000 }),
    connections: count(32, 'Questions at a time.', { minimum: 1, maximum: 10_000 }),
    waiting: count(1_000, 'Questions that wait for their turn; clients beyond that are told to come back later.', {
      maximum: 100_000,
    }),
    replyBytes: bytes(65_536, 'The largest answer.', { minimum: 256, maximum: 1_048_576 }),
    cache: cacheSchema,
    breaker: breakerSchema,
  },
  {
    additionalProperties: false,
    shorthand: 'url',
    description: 'A web server is asked whether a client may come in, and who it is.',
  },
)
