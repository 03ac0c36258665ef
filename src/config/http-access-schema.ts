import Type from 'typebox'
import { httpServiceOptions } from './http-service-schema.ts'
import { choice, count, seconds } from './option.ts'

const day = 86_400

const cacheSchema = Type.Object(
  {
    allowed: seconds(60, 'How long the service is not asked again about what it allowed, unless it says so itself.', {
      maximum: day,
      words: { none: 0 },
    }),
    denied: seconds(10, 'How long it is not asked again about what it denied or does not know.', {
      maximum: day,
      words: { none: 0 },
    }),
    entries: count(100_000, 'Answers that are kept.', { minimum: 1, maximum: 10_000_000 }),
  },
  { additionalProperties: false, default: {}, description: 'Answers that are used again for the same question.' },
)

export const httpAccessSchema = Type.Object(
  {
    url: Type.String({
      minLength: 1,
      description: 'The URL that is asked, `https://…`; `http://…` on this machine only.',
      live: false,
    }),
    contract: choice(
      ['decision', 'form'],
      'decision',
      'How it is asked: `decision`: all that is known of the client and what it wants to do, as JSON, answered with a ' +
        'decision in JSON; `form`: user name, client identifier, topic and access, as plug-ins of Mosquitto do.',
    ),
    body: choice(['form', 'json'], 'form', 'For `contract: form`: how the four are sent, as a form or as JSON.'),
    reply: choice(
      ['status', 'json', 'text'],
      'status',
      'For `contract: form`: what must come back with status 200: nothing more, `{"ok": true}`, or the text `ok`.',
    ),
    actions: Type.Array(Type.Enum(['connect', 'publish', 'subscribe', 'will']), {
      default: ['publish', 'subscribe', 'will'],
      minItems: 1,
      description:
        'What it is asked about. What a client may subscribe to, it is given; `connect` is for `contract: decision`.',
      live: false,
    }),
    ...httpServiceOptions,
    cache: cacheSchema,
  },
  {
    additionalProperties: false,
    shorthand: 'url',
    description: 'A web service that is asked what a client may do. Where there is no answer, the client may not.',
  },
)
