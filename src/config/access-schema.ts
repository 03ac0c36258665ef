import Type from 'typebox'
import { httpAccessSchema } from './http-access-schema.ts'
import { choice, flag, optionalText, requiredFile } from './option.ts'

const additionalProperties = false

function ruleFile(description: string) {
  return Type.Object(
    { file: requiredFile(description) },
    { additionalProperties, shorthand: 'file', description: `${description} Read again when it changes.` },
  )
}

/** The kinds of source; each source has exactly one of these sections. */
export const accessSources = {
  rules: Type.Optional(ruleFile('YAML file with rules in the form of this broker.')),
  mosquittoAcl: Type.Optional(ruleFile('Access control file of Mosquitto.')),
  orderedRules: Type.Optional(
    ruleFile('YAML or JSON file with ordered rules, of which the first that matches decides.'),
  ),
  topicSpaces: Type.Optional(
    Type.Object(
      {
        files: Type.Array(Type.String({ minLength: 1, file: true }), {
          minItems: 1,
          description:
            'YAML, JSON and JSON Lines files with client groups, topic spaces and permission bindings. Read again when they change.',
          live: false,
        }),
        fanoutChecks: flag(
          false,
          'What topic spaces say of the support of subscriptions (`NotSupported`, `LowFanout`, `HighFanout`) counts.',
        ),
      },
      { additionalProperties, description: 'Topic spaces, and which client groups may publish and subscribe to them.' },
    ),
  ),
  rolePatterns: Type.Optional(ruleFile('YAML or JSON file with the topic patterns of each role.')),
  permissions: Type.Optional(
    Type.Object(
      {},
      {
        additionalProperties,
        description: 'The topic filters that came with the proof of the identity, such as the claims of a token.',
      },
    ),
  ),
  http: Type.Optional(httpAccessSchema),
} as const

const sourceSchema = Type.Object(
  { name: optionalText('What logs call it.', 'the path of its file'), ...accessSources },
  { additionalProperties, description: 'Where rules come from: exactly one of the sections below.' },
)

export const accessSchema = Type.Object(
  {
    otherwise: choice(['deny', 'allow'], 'deny', 'What holds for everything that no rule is about.'),
    sources: Type.Array(sourceSchema, {
      default: [],
      description: 'Where rules come from, in the order they are looked at: the first rule that matches decides.',
      live: false,
    }),
    subscriptions: Type.Optional(
      Type.Enum(['contained', 'overlapping', 'any'], {
        description:
          'Which subscriptions are accepted: `contained`, those of which the client may receive everything; `overlapping`, ' +
          'those of which it may receive something; `any`, all of them. What it may not receive is never delivered.',
        fallback: '`any` where every source is a `mosquitto_acl`, else `contained`',
        live: false,
      }),
    ),
    deniedMqtt3: choice(
      ['disconnect', 'ignore'],
      'disconnect',
      'What happens to an MQTT 3 client that publishes what it may not: it is disconnected, or its message is acknowledged ' +
        'and thrown away. MQTT 3 has no third way.',
    ),
    deniedMqtt5: choice(
      ['answer', 'disconnect'],
      'answer',
      'What happens to an MQTT 5 client that publishes what it may not: it is told with reason code 0x87, or disconnected with it.',
    ),
    tellRules: choice(
      ['local', 'always', 'never'],
      'local',
      'Whether MQTT 5 clients are told which rule refused them: those on this machine, all, or none.',
    ),
  },
  {
    additionalProperties,
    description:
      'What clients may do. Without this section they may do everything on listeners that only this machine can reach.',
  },
)
