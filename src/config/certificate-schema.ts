import Type from 'typebox'
import { flag } from './option.ts'

export const nameSources = ['subject', 'dn', 'dns', 'uri', 'ip', 'email'] as const

function sourceList(initial: readonly string[], description: string) {
  return Type.Array(Type.Enum([...nameSources]), { default: initial, description, live: false })
}

/** An authenticator that takes the name of a client from its certificate. */
export const certificateSchema = Type.Object(
  {
    nameSources: sourceList(
      ['subject'],
      'Where the name of a client is looked for in its certificate, in this order: `subject` is the common name, `dn` ' +
        'the whole subject such as `CN=pump-7,O=Example`, `dns`, `uri`, `ip` and `email` are alternative names. The first ' +
        'that is there is the name; of several of a kind, the first.',
    ),
    usernameMustMatch: flag(false, 'A user name that the client gives must be the name in its certificate.'),
    attributes: flag(
      false,
      'The parts of the subject become attributes of the client: `O`, `OU`, `C`, `ST`, `L`, `serialNumber` and others.',
    ),
  },
  {
    additionalProperties: false,
    description: 'Clients are who their certificate says, once the listener has accepted it.',
  },
)
