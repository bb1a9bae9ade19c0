import { expect, test } from 'vitest'
import { z } from 'zod'
import { template } from './template.ts'

const code = template({
  data: z.object({ code: z.string() }),
  subject: 'Verify your email address',
  text: 'Your verification code is: <%= it.code %>',
  html: '<p>Your verification code is: <strong><%= it.code %></strong></p>',
})

test('a code is told in exactly these words', () => {
  const { subject, text } = code.render({ code: '042042' })
  expect({ subject, text }).toEqual({
    subject: 'Verify your email address',
    text: 'Your verification code is: 042042',
  })
})

test('HTML escapes what it is filled with, text does not', () => {
  const { text, html } = code.render({ code: `<img src=x onerror="alert('1')">&` })
  expect(text).toBe(`Your verification code is: <img src=x onerror="alert('1')">&`)
  expect(html).toContain('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;')
  expect(html).not.toContain('<img')
})

test('a template without HTML makes none', () => {
  const plain = template({ data: z.object({}), subject: 'A', text: 'B' })
  expect(plain.render({})).toEqual({ subject: 'A', text: 'B' })
})

test('the layout has a language, one heading, one main part, and fetches nothing', () => {
  const notice = template({ data: z.object({}), subject: 'A & B', text: '', html: '<p>x</p>', language: 'de' })
  const html = notice.render({}).html ?? ''
  expect(html).toMatch(/^<!doctype html>\n<html lang="de">/)
  expect(html).toContain('<title>A &amp; B</title>')
  expect(html.match(/<h1|<main/g)).toHaveLength(2)
  expect(html).not.toMatch(/https?:|src=|url\(|<link|<script|@import/)
})

test('a subject is one line, whatever fills it', () => {
  const named = template({ data: z.object({ name: z.string() }), subject: 'For <%= it.name %>', text: '' })
  expect(named.render({ name: 'a\r\nBcc: thief@example.com\u0000\u2028b' }).subject).toBe(
    'For a Bcc: thief@example.com b',
  )
})

test('a hole that nothing fills is an error, not "undefined"', () => {
  const wrong = template({ data: z.object({ code: z.string() }), subject: '', text: '<%= it.kode %>' })
  expect(() => wrong.render({ code: '914273' })).toThrow('names kode')
})

test('data that does not fit is an error that does not tell it', () => {
  const linked = template({ data: z.object({ link: z.url() }), subject: '', text: '<%= it.link %>' })
  const render = () => linked.render({ link: 'canary-914273' })
  expect(render).toThrow('does not fit in: link')
  expect(render).not.toThrow('canary')
})

test('wrong syntax and an unescaped hole are errors at start', () => {
  const data = z.object({ code: z.string() })
  expect(() => template({ data, subject: '', text: '<%= it.code' })).toThrow('unclosed tag')
  expect(() => template({ data, subject: '', text: '', html: '<%~ it.code %>' })).toThrow('escapes')
  expect(() => template({ data, subject: '', text: '', html: '<%- ~ it.code %>' })).toThrow('escapes')
})
