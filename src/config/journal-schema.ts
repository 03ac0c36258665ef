import Type from 'typebox'
import { bytes, flag, seconds } from './option.ts'

export const journalSchema = Type.Object(
  {
    enabled: flag(
      true,
      'What happened to clients, and why, is kept beside the store, for `petaltail why`. Without it, and with a store in ' +
        'memory, the latest 10,000 events are kept until the broker ends.',
    ),
    maximumBytes: bytes(64 * 1_048_576, 'Bytes of the journal on disk; the oldest entries make room for new ones.', {
      minimum: 1_048_576,
    }),
    maximumAge: seconds(30 * 86_400, 'How long entries are kept.', { minimum: 3_600 }),
  },
  { additionalProperties: false, default: {}, description: 'What happened, and why.' },
)
