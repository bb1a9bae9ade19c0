import { type FoundKey, foundKeyNamed, keyJobs } from '@strongroom/hsm'
import { z } from 'zod'

const entry = new RegExp(`^(${keyJobs.join('|')})(?:/([\\w-]+))?=(.+)$`)

/** `job=label` or `job/use=pkcs11:id=%01%02`, with commas between. */
export const foundKeys = z
  .string()
  .default('')
  .transform((text, context): readonly FoundKey[] => {
    const entries = text
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean)
    const found = entries.flatMap((one) => foundKey(one) ?? [])
    if (found.length < entries.length)
      context.addIssue({ code: 'custom', message: 'is not job=label or job/use=pkcs11:id=%01, with commas between' })
    return found
  })

function foundKey(text: string): FoundKey | undefined {
  const [, job, use = '', name = ''] = entry.exec(text) ?? []
  const known = keyJobs.find((one) => one === job)
  return known === undefined ? undefined : foundKeyNamed({ job: known, use }, name)
}
