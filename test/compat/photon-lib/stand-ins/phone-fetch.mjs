const nodeFetch = globalThis.fetch

// The client's HTTP library always says `referrer: 'client'`, which phones take and Node's fetch calls an invalid URL.
globalThis.fetch = (resource, options = {}) => {
  if (options.referrer !== 'client') return nodeFetch(resource, options)
  const { referrer: _, ...others } = options
  return nodeFetch(resource, others)
}
