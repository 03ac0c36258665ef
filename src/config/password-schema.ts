import Type, { type Static } from 'typebox'
import { count, requiredFile, seconds } from './option.ts'

const usersFile =
  'The file of users: lines of name and hash, as Mosquitto has them, or a list of users when its name ends with `.yaml` ' +
  'or `.yml`. Changes of the file take effect at once; `petaltail passwd` writes it.'

/** Clients that give a user name and a password. */
export const passwordSchema = Type.Object(
  {
    file: requiredFile(usersFile),
    cacheEntries: count(
      100_000,
      'Credentials that are remembered once they were found right, so that clients that come back cost next to nothing. ' +
        'What is remembered is a digest under a key of the process, and it ends with a change of the password.',
      { words: { none: 0 } },
    ),
    cacheTtl: seconds(3_600, 'How long credentials are remembered.', { minimum: 1, maximum: 86_400 * 7 }),
  },
  { additionalProperties: false, description: 'Clients are who they say when their password is in a file.' },
)

/** Clients that prove with SCRAM that they know a password. */
export const scramSchema = Type.Object(
  {
    file: requiredFile(
      `${usersFile} Only users with SCRAM verifiers count; the file may be that of \`password\`, too.`,
    ),
    methods: Type.Array(Type.Enum(['SCRAM-SHA-256', 'SCRAM-SHA-512']), {
      minItems: 1,
      default: ['SCRAM-SHA-256', 'SCRAM-SHA-512'],
      description: 'The authentication methods of MQTT 5 that are offered.',
      live: false,
    }),
  },
  {
    additionalProperties: false,
    description: 'Clients of MQTT 5 prove that they know a password without sending it [RFC 5802, RFC 7677].',
  },
)

type Frozen<T> = T extends object ? { readonly [Key in keyof T]: Frozen<T[Key]> } : T

export type PasswordSection = Frozen<Static<typeof passwordSchema>>
export type ScramSection = Frozen<Static<typeof scramSchema>>
