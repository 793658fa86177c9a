import { MantineProvider } from '@mantine/core'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import type { Setting } from '~/api/settings'
import { SettingField } from '~/pages/settings/SettingField'

const drawn = (setting: Partial<Setting>) => {
  const whole = { kind: 'text', options: [], unit: '', fixed: null, live: true, chosen: false, waits: false, least: null, most: null, default: '', ...setting } as Setting
  return renderToStaticMarkup(createElement(MantineProvider, null, createElement(SettingField, { setting: whole, value: '', set: null, error: undefined })))
}

test('options that say what they do need no help that calls them as machines do', () => {
  const options = ['defer', 'drop']
  expect(drawn({ name: 'quiet_policy', kind: 'choice', options, help: 'What becomes of marketing: `defer` sends it, `drop` never.' })).not.toContain('becomes')
  expect(drawn({ name: 'quiet_policy', kind: 'choice', options, help: 'How often.' })).toContain('How often.')
})

test('help calls another setting as it is called here, and marks examples', () => {
  const help = drawn({ name: 'quiet_from', help: 'Such as `21:00`. Empty, as `quiet_until` is.' })
  expect(help).toContain('Empty, as “Quiet hours until” is.')
  expect(help).toContain('<code>21:00</code>')
})
