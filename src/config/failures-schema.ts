import Type from 'typebox'
import { count, flag, milliseconds } from './option.ts'

export const failuresSchema = Type.Object(
  {
    free: count(5, 'Failed attempts under one name, or names that failed, before an address is made to wait.', {
      minimum: 1,
      maximum: 1_000,
    }),
    delay: milliseconds(100, 'The first wait; each further failure doubles it, and half a minute of quiet halves it.', {
      maximum: 60_000,
    }),
    maximumDelay: milliseconds(5_000, 'The longest wait. Nobody is shut out: whoever waits has a try.', {
      minimum: 0,
      maximum: 60_000,
      words: { none: 0 },
    }),
    entries: count(10_000, 'Failing names, and failing addresses, that are remembered.', {
      minimum: 100,
      maximum: 10_000_000,
    }),
    loopback: flag(true, 'Clients on the same machine are made to wait, too.'),
  },
  {
    additionalProperties: false,
    default: {},
    description: 'How clients that fail to prove who they are get slowed down.',
  },
)
