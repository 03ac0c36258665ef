import Type from 'typebox'
import { httpServiceOptions } from './http-service-schema.ts'
import { choice, count, flag, seconds, texts } from './option.ts'

const day = 86_400

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
    ...httpServiceOptions,
    cache: cacheSchema,
  },
  {
    additionalProperties: false,
    shorthand: 'url',
    description: 'A web server is asked whether a client may come in, and who it is.',
  },
)
