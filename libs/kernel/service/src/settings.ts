import { readFileSync } from 'node:fs'
import { fromUtf8, Secret } from '@strongroom/crypto'
import { z } from 'zod'

/** One variable of the environment. */
export interface Setting<Value = unknown> {
  readonly schema: z.ZodType<Value, string | undefined>
  readonly meaning: string
  /** A secret is a file named by `<NAME>_FILE`, so that it sits in no environment and no process list; `<NAME>` works too. */
  readonly secret: boolean
  readonly shown: string
}

export type Settings = Readonly<Record<string, Setting>>
export type ValuesOf<S extends Settings> = {
  readonly [Name in keyof S]: S[Name] extends Setting<infer Value> ? Value : never
}

/** A variable that a deployment may print. `shown` is what the table of a README says of its default. */
export const setting = <Schema extends z.ZodType<unknown, string | undefined>>(
  schema: Schema,
  meaning: string,
  shown = 'required',
): Setting<z.output<Schema>> => ({
  schema: schema as unknown as Setting<z.output<Schema>>['schema'],
  meaning,
  secret: false,
  shown,
})

const secretText = z.string().transform((text) => new Secret(text.replace(/\r?\n$/, '')))

export const secretSetting = (meaning: string): Setting<Secret> => ({
  schema: secretText,
  meaning,
  secret: true,
  shown: 'required',
})

export const optionalSecret = (meaning: string): Setting<Secret | undefined> => ({
  schema: secretText.optional(),
  meaning,
  secret: true,
  shown: 'none',
})

export const whole = (least: number, most: number) =>
  z.string().regex(/^\d+$/, 'is not a whole number').transform(Number).pipe(z.number().min(least).max(most))

/** A secret that a library wants as text: a URL, a password. */
export const textOf = (secret: Secret): string => fromUtf8(secret.expose())

/** Every mistake of a configuration, by variable; never a value. */
export class BadSettings extends Error {
  override readonly name = 'BadSettings'

  constructor(mistakes: readonly string[]) {
    super(`The configuration is not usable:\n${mistakes.map((one) => `  ${one}`).join('\n')}`)
  }
}

/** Reads the environment once, at start, and tells every mistake at once. */
export function readSettings<S extends Settings>(settings: S, env: NodeJS.ProcessEnv): ValuesOf<S> {
  const mistakes: string[] = []
  const values: Record<string, unknown> = {}
  for (const [name, one] of Object.entries(settings)) {
    try {
      const found = one.schema.safeParse(valueOf(name, one, env))
      if (found.success) values[name] = found.data
      else
        mistakes.push(
          `${name}: ${env[name] === undefined && !env[`${name}_FILE`] ? 'is missing' : reasonOf(found.error)}. ${one.meaning}`,
        )
    } catch (error) {
      mistakes.push(`${name}: ${error instanceof Error ? error.message : 'cannot be read'}`)
    }
  }
  if (mistakes.length > 0) throw new BadSettings(mistakes)
  return values as ValuesOf<S>
}

const reasonOf = (error: z.ZodError) =>
  error.issues
    .map(({ path, message }) =>
      [path.map(String).join('.'), message.replace(/, received .*$/, '')].filter(Boolean).join(': '),
    )
    .join('; ')

function valueOf(name: string, { secret }: Setting, env: NodeJS.ProcessEnv): string | undefined {
  const file = secret ? env[`${name}_FILE`] : undefined
  if (file === undefined) return env[name]
  if (env[name] !== undefined) throw new Error(`is given twice, as ${name} and as ${name}_FILE`)
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new Error(`the file that ${name}_FILE names cannot be read`)
  }
}

/** The table of a README, made from the very values that are read. */
export const settingsTable = (settings: Settings): string =>
  [
    '| variable | default | meaning |',
    '| --- | --- | --- |',
    ...Object.entries(settings).map(
      ([name, { meaning, secret, shown }]) =>
        `| \`${name}\`${secret ? `, \`${name}_FILE\`` : ''} | ${shown} | ${meaning} |`,
    ),
  ].join('\n')
