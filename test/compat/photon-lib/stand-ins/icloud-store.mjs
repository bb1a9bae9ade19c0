import { cloudOf } from './phones.mjs'

const CloudStore = {
  getItem: async (name) => cloudOf(import.meta.url).get(name) ?? null,
  setItem: async (name, value) => void cloudOf(import.meta.url).set(name, value),
  removeItem: async (name) => void cloudOf(import.meta.url).delete(name),
}

export default CloudStore
