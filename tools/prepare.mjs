// Builds dist/ after an installation from a checkout, so that `import 'petaltail'` works there as in the published
// package. Without the development dependencies there is nothing to build with, and nothing that needs it.
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'

const compiler = 'node_modules/typescript/bin/tsc'
if (existsSync(compiler)) {
  rmSync('dist', { recursive: true, force: true })
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { stdio: 'inherit' })
  process.exitCode = status ?? 1
}
