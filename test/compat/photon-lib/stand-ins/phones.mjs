const phones = new Map()

export const register = (number, cloud) => phones.set(number, cloud)
export const unregister = (number) => phones.delete(number)

/** The cloud account of the phone whose module asks; `moduleUrl` is its `import.meta.url`. */
export function cloudOf(moduleUrl) {
  const cloud = phones.get(numberOf(moduleUrl))
  if (cloud === undefined) throw new Error('This phone was closed.')
  return cloud
}

export const numberOf = (moduleUrl) => new URL(moduleUrl).searchParams.get('phone')
