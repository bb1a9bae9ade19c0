import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { apps } from '@strongroom/dev-world'
import { type Leaf, leavesOf } from '@strongroom/http/contract'
import {
  describeService,
  kernelSettings,
  provisionSettings,
  recoverySettings,
  type Service,
  type Settings,
  settingsTable,
} from '@strongroom/service'
import { format } from 'prettier'
import { root } from './projects.ts'

type AnyService = Service<Settings>

/** The parts list of every app that the development world runs, found where each app keeps it. */
async function findServices(): Promise<readonly (readonly [folder: string, service: AnyService])[]> {
  return Promise.all(
    apps.map(async ({ name }) => {
      const folder = `apps/${name}`
      const exported = Object.values((await import(join(root, folder, 'src/service.ts'))) as Record<string, AnyService>)
      const service = exported.find((one) => one.name === name)
      if (!service) throw new Error(`${folder}/src/service.ts exports no service that is called ${name}`)
      return [folder, service] as const
    }),
  )
}

interface Golden {
  readonly path: string
  readonly text: string
}

/** Every file, or part of one, that is made from the code. */
export async function makeGolden(): Promise<readonly Golden[]> {
  const made: Golden[] = []
  for (const [folder, service] of await findServices()) {
    made.push({ path: `${folder}/openapi.json`, text: `${JSON.stringify(describeService(service), null, 2)}\n` })
    const readme = `${folder}/README.md`
    const tables = {
      endpoints: endpointsTable(service),
      settings: settingsTable({ ...service.settings, ...kernelSettings }),
      provision: settingsTable(provisionSettings),
      ...(service.recovery && { recovery: settingsTable(recoverySettings) }),
    }
    let text = readFileSync(join(root, readme), 'utf8')
    for (const [name, table] of Object.entries(tables)) text = replacePart(text, name, table)
    made.push({
      path: readme,
      text: await format(text, { parser: 'markdown', printWidth: 120, proseWrap: 'preserve' }),
    })
  }
  return made
}

const endpointsTable = ({ api }: Service<Settings>): string =>
  [
    '| endpoint | what it does | proof | answers | refuses |',
    '| --- | --- | --- | --- | --- |',
    ...api.endpoints.map(({ method, path, summary, proof, reply, refusals }) => {
      const leaves = leavesOf(proof)
      const refused = [...new Set([...leaves.flatMap((leaf) => leaf.proof.refusals), ...refusals])].map(
        ({ kind, status }) => `${String(status)} ${kind}`,
      )
      return `| \`${method} ${path}\` | ${summary} | ${namesOf(leaves)} | ${Object.keys(reply).join(', ')} | ${refused.join(', ')} |`
    }),
  ].join('\n')

const namesOf = (leaves: readonly Leaf[]): string =>
  leaves.map(({ proof, required }) => (required ? proof.name : `${proof.name}, if sent`)).join(' and ') || 'none'

function replacePart(text: string, name: string, part: string): string {
  const between = new RegExp(`(<!-- made: ${name} -->)[^]*?(<!-- end -->)`)
  if (!between.test(text)) throw new Error(`a README lacks the part "${name}"`)
  return text.replace(between, (_, before: string, after: string) => `${before}\n\n${part}\n\n${after}`)
}

/** The paths of golden files that are not what the code says. */
export const findStale = (golden: readonly Golden[]): readonly string[] =>
  golden
    .filter(({ path, text }) => !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== text)
    .map(({ path }) => path)

if (import.meta.main) {
  const golden = await makeGolden()
  const stale = findStale(golden)
  if (process.argv.includes('--check')) {
    for (const path of stale) console.error(`${path} is not what the code says: run npm run golden`)
    process.exitCode = stale.length > 0 ? 1 : 0
  } else {
    for (const { path, text } of golden) writeFileSync(join(root, path), text)
  }
  console.log(`golden: ${String(golden.length)} files, ${String(stale.length)} stale`)
}
