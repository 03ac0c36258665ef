import { reportFailure } from './failure.ts'
import { run } from './program.ts'

// A reader that has seen enough, such as `head`, is no failure.
process.stdout.on('error', (error) => {
  if ('code' in error && error.code === 'EPIPE') process.exit(0)
  throw error
})

try {
  await run(process.argv.slice(2))
} catch (error) {
  process.exitCode = reportFailure(error, process.env.PETALTAIL_DEBUG === '1')
}
