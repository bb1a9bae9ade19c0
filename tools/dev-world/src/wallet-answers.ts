import { spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline/promises'
import { fromUtf8, Secret } from '@strongroom/crypto'
import type { FactorAnswer, NewTotp } from '@strongroom/identity-client'

/** Asks whoever sits there, or reads the next line of what is piped in. */
async function ask(question: string): Promise<Secret> {
  const { stdin: input, stderr: output } = process
  const asking = createInterface({ input, output, terminal: false })
  try {
    output.write(question)
    for await (const line of asking) return new Secret(line.trim())
  } finally {
    asking.close()
  }
  throw new Error('nobody answered')
}

/** Codes: the one that the command line brought, once, and then those of standard input. */
export function codesFrom(given: string | undefined): FactorAnswer {
  let left = given
  return async ({ factorType }) => {
    const code = left
    left = undefined
    return code === undefined ? ask(`The code of the factor "${factorType}": `) : new Secret(code)
  }
}

/** The first code of a new factor: by a program that reads the secret, or by whoever reads it on the screen. */
export const firstCodeBy =
  (program: string | undefined) =>
  async ({ secret }: NewTotp): Promise<Secret> => {
    const text = fromUtf8(secret.expose())
    if (program === undefined) return ask(`The secret for an authenticator app is ${text}; its first code: `)
    const { status, stdout } = spawnSync('sh', ['-c', program], { input: text, encoding: 'utf8', stdio: 'pipe' })
    if (status !== 0) throw new Error(`the authenticator "${program}" ended with ${String(status)}`)
    return new Secret(stdout.trim())
  }
