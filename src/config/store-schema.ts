import Type from 'typebox'
import { choice } from './option.ts'

export const durabilities = ['sync', 'commit', 'none'] as const

export const storeSchema = Type.Object(
  {
    kind: choice(
      ['disk', 'memory'],
      'disk',
      'Where sessions and messages are kept: on disk, or in memory, which is empty after a restart.',
    ),
    path: Type.String({
      minLength: 1,
      default: 'data',
      description: 'The folder of the store; made when it is not there.',
      live: false,
    }),
    durability: choice(
      durabilities,
      'sync',
      'What must have happened before a client is told that the broker has a message, a subscription or its session: ' +
        '`sync`: it is on the disk and survives a power cut; `commit`: the operating system has it, and it survives the end ' +
        'of the broker; `none`: nothing.',
    ),
  },
  { additionalProperties: false, default: {}, description: 'What is kept, and how safely.' },
)
