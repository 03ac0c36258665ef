import { accepted, written } from '../src/config/describe.ts'
import { fileSchema } from '../src/config/json-schema.ts'
import { environmentName, fileName } from '../src/config/names.ts'
import type { OptionNode } from '../src/config/option.ts'
import { configSchema } from '../src/config/schema.ts'
import { writeOrCheck } from './generated.ts'

const introduction = `# Options

<!-- Generated from src/config/schema.ts by tools/write-options.ts. -->

A configuration is one YAML file, given by \`petaltail start --config FILE\`. Every option has a default; an empty file is
valid. \`petaltail check --config FILE\` names every mistake with line and column. With
[petaltail.schema.json](petaltail.schema.json) (also printed by \`petaltail schema\`) an editor checks the file while it is
written; the first line of the file says so:

\`\`\`yaml
# yaml-language-server: $schema=petaltail.schema.json
listeners:
  - mqtt://127.0.0.1:1883
  - url: mqtts://*:8883
    tls: { certificate: broker.pem, key: broker.key, client_certificate: require }
    max_connections: 50000
    connect_timeout: 5s
authenticators:
  - certificate: {}
access:
  sources:
    - rules: rules.yaml
limits:
  maximum_packet_size: 256KiB
session:
  maximum_expiry: 7d
\`\`\`

* Durations are seconds, or a number with \`ms\`, \`s\`, \`m\`, \`h\`, \`d\` or \`w\`.
* Sizes are bytes, or a number with \`kB\`, \`MB\`, \`GB\`, \`KiB\`, \`MiB\`, \`GiB\` or \`TiB\`.
* Each option is an environment variable, too: its name is below. With \`_FILE\` at the end the variable names a file that
  holds the value, for secrets; options that are file names themselves take \`_FILE\` as the same variable. Lists of
  texts are separated by commas. \`PETALTAIL_LISTEN\` is a list of listener URLs and replaces the listeners of the file.
* A variable overrules the file, and the command line overrules both. Unknown options and variables are errors.
* An option applies when the broker starts, unless its description ends with "(live)".
`

writeOrCheck([
  { path: 'docs/options.md', content: `${[introduction, ...sections()].join('\n')}` },
  { path: 'docs/petaltail.schema.json', content: `${JSON.stringify(fileSchema(), null, 2)}\n` },
])

function sections(): string[] {
  const properties = Object.entries(configSchema.properties)
  const top = properties.filter(([, node]) => !isSection(node))
  const rest = properties.filter(([, node]) => isSection(node))
  const general = table('General', '', top, '', 'PETALTAIL')
  return [
    general,
    ...rest.flatMap(([name, node]) => section(fileName(name), node, `PETALTAIL_${environmentName(name)}`)),
  ]
}

function section(name: string, node: OptionNode, variable: string): string[] {
  const list = node.items !== undefined
  const content = node.items ?? node
  const place = list ? `${name}[]` : name
  const names = list ? `${variable}_0` : variable
  const all = Object.entries(content.properties ?? {})
  const about = list ? `${node.description ?? ''} ${content.description ?? ''}` : (node.description ?? '')
  const own = all.filter(([, property]) => !isSection(property))
  const below = all.filter(([, property]) => isSection(property))
  const parts = below.flatMap(([key, property]) =>
    section(`${place}.${fileName(key)}`, property, `${names}_${environmentName(key)}`),
  )
  return [table(place, about.trim(), own, `${place}.`, names), ...parts]
}

function table(
  title: string,
  about: string,
  options: readonly (readonly [string, OptionNode])[],
  prefix: string,
  variable: string,
): string {
  const heading = prefix === '' ? title : `\`${title}\``
  const rows = options.map(([name, node]) =>
    row(`${prefix}${fileName(name)}`, `${variable}_${environmentName(name)}`, node),
  )
  return `## ${heading}\n${about === '' ? '' : `\n${about}\n`}\n${rows.join('\n')}\n`
}

function row(name: string, variable: string, node: OptionNode): string {
  const live = node.live ? ' (live)' : ''
  return [
    `* **\`${name}\`**: ${node.description ?? ''}${live}`,
    `  <br>${capital(accepted(node))}. Default: ${initial(node)}. Variable: \`${variable}\``,
  ].join('\n')
}

function initial(node: OptionNode): string {
  if (node.fallback !== undefined) return node.fallback
  if (node.default === undefined) return 'none, it must be given'
  return Array.isArray(node.default) && node.default.length === 0 ? 'empty' : `\`${written(node, node.default)}\``
}

function isSection(node: OptionNode): boolean {
  return node.properties !== undefined || node.items?.properties !== undefined
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
