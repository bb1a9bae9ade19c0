import type { KeyNeed } from '@strongroom/hsm'
import type { Dialect, Mount } from '@strongroom/http'
import type { MigrationSet } from '@strongroom/storage'
import type { Service } from './service.ts'
import type { Settings } from './settings.ts'

/** What an app may offer or leave out: everything of a service but its names. Only what is offered is configured. */
export type ServicePart<S extends Settings> = Omit<Service<S>, 'name' | 'summary' | 'recovery'>

type AnyPart = ServicePart<Settings>

/**
 * One service of several parts, on one database, token and listener. The first part's dialect answers where no route fits.
 * @throws TypeError where two parts mean different things by one setting or command.
 */
export function joinServices(
  { name, summary }: Pick<Service<Settings>, 'name' | 'summary'>,
  parts: readonly [AnyPart, ...AnyPart[]],
): Service<Settings> {
  const first = parts[0]
  return {
    name,
    summary,
    settings: together(
      'setting',
      parts.map(({ settings }) => settings),
    ),
    migrations: eachOnce(parts.flatMap(({ migrations }) => migrations)),
    keys: eachNeedOnce(parts.flatMap(({ keys }) => keys)),
    sealed: parts.flatMap(({ sealed }) => sealed),
    api: {
      dialect: dialectOf(parts),
      endpoints: parts.flatMap(({ api }) => api.endpoints),
    },
    commands: together(
      'command',
      parts.map(({ commands = {} }) => commands),
    ),
    doors: (values) => parts.flatMap((part) => part.doors?.(values) ?? []),
    warnings: (values) => parts.flatMap((part) => part.warnings?.(values) ?? []),
    mount: (given): readonly [Mount, ...Mount[]] => {
      const [main, ...more] = first.mount(given)
      return [main, ...more, ...parts.slice(1).flatMap((part) => part.mount(given))]
    },
    beside: (given) => parts.flatMap((part) => part.beside?.(given) ?? []),
    work: (given) => parts.flatMap((part) => part.work?.(given) ?? []),
  }
}

/** Each endpoint is told of in its own part's words. */
function dialectOf([first, ...others]: readonly [AnyPart, ...AnyPart[]]): Dialect {
  const speaking = (one: unknown): Dialect =>
    others.find(({ api }) => api.endpoints.some((known) => known === one))?.api.dialect ?? first.api.dialect
  return {
    ...first.api.dialect,
    render: (refusal, endpoint) => speaking(endpoint).render(refusal, endpoint),
    describe: (kind, endpoint) => speaking(endpoint).describe(kind, endpoint),
  }
}

function together<T>(what: string, parts: readonly Readonly<Record<string, T>>[]): Record<string, T> {
  const joined: Record<string, T> = {}
  for (const part of parts) {
    for (const [name, one] of Object.entries(part)) {
      if (Object.hasOwn(joined, name) && joined[name] !== one) throw new TypeError(`two parts have a ${what} ${name}`)
      joined[name] = one
    }
  }
  return joined
}

const eachOnce = (sets: readonly MigrationSet[]): readonly MigrationSet[] => [
  ...new Map(sets.map((set) => [set.schema, set])).values(),
]

const eachNeedOnce = (needs: readonly KeyNeed[]): readonly KeyNeed[] => [
  ...new Map(needs.map((need) => [`${need.job}/${need.use}`, need])).values(),
]
