import Type, { type Static } from 'typebox'
import { accessSchema } from './access-schema.ts'
import { authenticationSchema, authenticatorSchema } from './authentication-schema.ts'
import { caSchema } from './ca-schema.ts'
import { journalSchema } from './journal-schema.ts'
import { featuresSchema, limitsSchema, queueSchema, retainedSchema, sessionSchema } from './limits-schema.ts'
import { listenerSchema } from './listener-schema.ts'
import { choice, flag, milliseconds } from './option.ts'
import { storeSchema } from './store-schema.ts'

/** Every option of the broker, once. Names are those of the program; files write them in snake_case. */
export const configSchema = Type.Object(
  {
    listeners: Type.Array(listenerSchema, {
      default: [],
      description:
        'Where clients connect. Without any: MQTT on port 1883 and WebSocket on port 8083, on loopback only.',
    }),
    allowAnonymous: flag(
      false,
      'Clients that prove nothing about themselves are let in on listeners other machines can reach.',
    ),
    authenticators: Type.Array(authenticatorSchema, {
      default: [],
      description:
        'How clients prove who they are: asked in this order, until one knows the client. Without any, nobody but ' +
        'anonymous clients can connect.',
      live: false,
    }),
    authentication: authenticationSchema,
    access: Type.Optional(accessSchema),
    ca: caSchema,
    store: storeSchema,
    journal: journalSchema,
    shutdownTimeout: milliseconds(10_000, 'The longest time closing down may take.'),
    log: Type.Object(
      {
        level: choice(
          ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
          'info',
          'The least important lines that are written.',
        ),
        format: choice(['text', 'json'], 'text', 'Lines for people, or one JSON object a line for machines.'),
      },
      { additionalProperties: false, default: {}, description: 'The log, written to standard error.' },
    ),
    limits: limitsSchema,
    session: sessionSchema,
    queue: queueSchema,
    retained: retainedSchema,
    features: featuresSchema,
  },
  { additionalProperties: false, title: 'Petaltail configuration' },
)

type Frozen<T> = T extends object ? { readonly [Key in keyof T]: Frozen<T[Key]> } : T

/** A complete, valid configuration. Durations are in seconds, timeouts in milliseconds, sizes in bytes. */
export type Config = Frozen<Static<typeof configSchema>>

/** What clients may do. */
export type AccessConfig = NonNullable<Config['access']>

/** One way to prove who one is. */
export type AuthenticatorConfig = Config['authenticators'][number]

/** One listener of the configuration. */
export type ListenerConfig = Config['listeners'][number]
