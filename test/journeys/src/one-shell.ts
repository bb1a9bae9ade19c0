import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { randomUUID } from 'node:crypto'

export interface Ran {
  readonly command: string
  readonly exitCode: number
  readonly output: string
}

/** Runs the lines in one bash, as a reader pastes them: what one sets the next ones see. */
export async function runInOneShell(
  commands: readonly string[],
  { directory, environment = {} }: { directory: string; environment?: Readonly<Record<string, string>> },
): Promise<Ran[]> {
  const mark = randomUUID()
  const lines = commands.map((command) => `${command}\nprintf '\\n%s %s\\n' ${mark} $?\n`)
  const shell = spawn('bash', ['-c', ['exec 2>&1\n', ...lines].join('')], {
    cwd: directory,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let output = ''
  shell.stdout.on('data', (chunk) => (output += String(chunk)))
  await once(shell, 'close')
  const parts = output.split(new RegExp(`\\n${mark} (\\d+)\\n`))
  return commands.map((command, index) => ({
    command,
    output: (parts[index * 2] ?? '').trim(),
    exitCode: Number(parts[index * 2 + 1] ?? -1),
  }))
}

export function demandProgram(name: string, environment: Readonly<Record<string, string>> = {}): void {
  const { error } = spawnSync(name, ['--version'], { stdio: 'ignore', env: { ...process.env, ...environment } })
  if (error) throw new Error(`this story runs ${name}, which is not installed here: npm test provides it`)
}
