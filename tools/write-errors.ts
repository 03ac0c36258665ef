import { errorTable } from '../src/base/errors.ts'
import { writeOrCheck } from './generated.ts'

const rows = Object.entries(errorTable).map(([code, meaning]) => `| \`${code}\` | ${meaning.replaceAll('|', '\\|')} |`)

const content = `# Errors

<!-- Generated from src/base/errors.ts by tools/write-errors.ts. -->

Every error an operator or an embedding program can meet. The \`code\` of a \`BrokerError\` is one of these and does not
change between versions; the message says more, and may change.

| Code | What it means, and what to do |
| --- | --- |
${rows.join('\n')}
`

writeOrCheck([{ path: 'docs/errors.md', content }])
