import { execFile } from 'node:child_process'
import { delimiter, dirname } from 'node:path'
import { promisify } from 'node:util'
import { Secret } from '@strongroom/crypto'

const run = promisify(execFile)
const given = process.env['STRONGROOM_OATHTOOL']

/** Of a shell in which `oathtool` is the one that the bootstrap provided. */
export const oathtoolEnvironment: Readonly<Record<string, string>> = given
  ? { PATH: [dirname(given), process.env['PATH']].join(delimiter) }
  : {}

/** What an authenticator shows that is none of ours: the code of a Base32 secret, so many half minutes from now. */
export async function codeOf(secret: Secret, steps = 0): Promise<Secret> {
  const text = Buffer.from(secret.expose()).toString('utf8')
  const args = ['--totp', '-b', '--now', `${String(steps * 30)} seconds`, text]
  const { stdout } = await run(given ?? 'oathtool', args)
  return new Secret(stdout.trim())
}
