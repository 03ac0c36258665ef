import { spawnSync } from 'node:child_process'
import { installed } from '../cli-kit.ts'

const calls = [
  'openat close lseek mmap rename renameat renameat2 unlink unlinkat link linkat',
  'read readv recvfrom recvmsg sendto sendmsg sendmmsg sendfile',
  'write writev pwrite64 pwritev pwritev2 ftruncate fallocate copy_file_range',
  'fdatasync fsync msync sync syncfs sync_file_range',
].join(' ')

/** Not every processor has all of them. */
const filter = `trace=${calls
  .split(' ')
  .map((name) => `?${name}`)
  .join()}`

const program = installed('strace')

/** Why tests that trace are skipped, false when they can run. */
export const untraceable = whyNot()

function whyNot(): string | false {
  if (program === null) return 'strace is not installed (npm run peers)'
  const { status, stderr } = spawnSync(program, ['-f', '-qq', '--seccomp-bpf', '-e', filter, 'true'])
  return status === 0 ? false : `strace cannot trace here: ${stderr.toString().trim().split('\n', 1).join()}`
}

/** The command that runs a broker and writes its trace; more arguments may follow. */
export function tracing(file: string): readonly string[] {
  return [
    program ?? 'strace',
    '-D',
    '-f',
    '-qq',
    '--seccomp-bpf',
    '-y',
    '-xx',
    '-s',
    '16777216',
    '-e',
    'signal=none',
    '-e',
    filter,
    '-o',
    file,
  ]
}

/** Slow disks: each sync, and each write that lasts, returns a while after it was done. */
export const slowly: readonly string[] = [
  '-e',
  'inject=fdatasync,fsync:delay_exit=60000',
  '-e',
  'inject=pwrite64,pwritev:delay_exit=8000',
]
