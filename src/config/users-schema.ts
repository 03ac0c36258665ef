import Type, { type Static } from 'typebox'

const nonEmpty = { minLength: 1 }

/** What a YAML file of users may say. The values of `attributes` are looked at in users.ts. */
export const usersSchema = Type.Object(
  {
    users: Type.Array(
      Type.Object(
        {
          name: Type.String({ ...nonEmpty, description: 'The user name.' }),
          password: Type.Optional(Type.String({ ...nonEmpty, description: 'The hash of the password.' })),
          scram: Type.Array(Type.String(nonEmpty), { default: [], description: 'SCRAM verifiers.' }),
          roles: Type.Array(Type.String(nonEmpty), { default: [], description: 'Roles.' }),
          groups: Type.Array(Type.String(nonEmpty), { default: [], description: 'Groups.' }),
          attributes: Type.Record(Type.String(), Type.Unknown(), {
            default: {},
            description: 'Facts about the user: texts, whole numbers and lists of texts, by name.',
          }),
          publish: Type.Optional(
            Type.Array(Type.String(nonEmpty), { description: 'Topic filters the user may publish to.' }),
          ),
          subscribe: Type.Optional(
            Type.Array(Type.String(nonEmpty), { description: 'Topic filters the user may subscribe to.' }),
          ),
          clientIds: Type.Optional(
            Type.Array(Type.String(nonEmpty), { description: 'Patterns of the client identifiers the user may have.' }),
          ),
          maximumSessions: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 0xffff_ffff, description: 'Sessions the user may have at a time.' }),
          ),
          disabled: Type.Boolean({ default: false, description: 'The user is not let in.' }),
        },
        { additionalProperties: false },
      ),
      { default: [] },
    ),
  },
  { additionalProperties: false },
)

export type UsersFile = Static<typeof usersSchema>
