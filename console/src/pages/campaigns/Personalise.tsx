import { Button, Menu, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Braces } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { catalogues, coupons } from '~/api/channels'
import { eventProperties, traitNames } from '~/api/queries'
import { t } from '~/words/language'
import styles from './Composer.module.css'

const EACH_MOST = 40
const EMOJI = ['🎉', '🎁', '❤️', '👋', '⭐', '🔥', '☀️', '🍂', '❄️', '🛒', '🚚', '✅', '⏰', '💡', '📣', '🙏']

/** A name that is no plain word is reached in brackets. */
const reached = (of: string, name: string) => (/^[A-Za-z_]\w*$/.test(name) ? `${of}.${name}` : `${of}[${JSON.stringify(name)}]`)

interface Choice {
  group: string
  label: string
  text: string
}

/** Puts what is known of each person into the text field that was written in last, where the cursor stands. */
export function Personalise({ event }: { event: string }) {
  const field = useField()
  const [sought, setSought] = useState('')
  const traits = useQuery(traitNames).data ?? []
  const properties = useQuery(eventProperties(event)).data ?? []
  const known = useQuery(catalogues).data ?? []
  const pools = useQuery(coupons).data ?? []
  const choices: Choice[] = [
    ...traits.map(({ name }) => ({ group: t('Traits'), label: name, text: `{{ ${reached('person', name)} }}` })),
    ...properties.map(({ name }) => ({ group: t('Of the event'), label: name, text: `{{ ${reached('event.properties', name)} }}` })),
    ...known.map(({ name }) => ({ group: t('Catalogues'), label: name, text: `{% catalogue "${name}" id: event.properties.product_id as item %}{{ item.name }}` })),
    ...pools.map(({ name }) => ({ group: t('Coupons'), label: name, text: `{% coupon "${name}" as code %}{{ code }}` })),
  ]
  const wanted = choices.filter(({ label }) => label.toLowerCase().includes(sought.toLowerCase()))
  const groups = [...new Set(wanted.map(({ group }) => group))]
  return (
    <div className={styles.personalise} ref={field.near}>
      <Menu position="bottom-start" width={280} onOpen={() => setSought('')} returnFocus={false}>
        <Menu.Target>
          <Button leftSection={<Braces size={14} />} disabled={!field.there}>
            {t('Personalise')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown className={styles.choices}>
          <TextInput aria-label={t('Find a value')} placeholder={t('Find a value')} value={sought} onChange={(change) => setSought(change.currentTarget.value)} data-autofocus />
          {groups.map((group) => (
            <div key={group} role="group" aria-label={group}>
              <Menu.Label>{group}</Menu.Label>
              {wanted
                .filter((each) => each.group === group)
                .slice(0, EACH_MOST)
                .map((each) => (
                  <Menu.Item key={each.label} onClick={() => field.put(each.text)}>
                    {each.label}
                  </Menu.Item>
                ))}
            </div>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Menu position="bottom-start" returnFocus={false}>
        <Menu.Target>
          <Button disabled={!field.there}>{t('Emoji')}</Button>
        </Menu.Target>
        <Menu.Dropdown className={styles.emoji}>
          {EMOJI.map((each) => (
            <Menu.Item key={each} onClick={() => field.put(each)}>
              {each}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <span className="quiet">{field.there ? t('Goes where the cursor stood in {{field}}.', { field: field.name }) : t('Press into a text field of the message first.')}</span>
    </div>
  )
}

/** The text field of the same section that had the focus last. */
function useField() {
  const near = useRef<HTMLDivElement>(null)
  const last = useRef<HTMLInputElement | HTMLTextAreaElement | null>(null)
  const [name, setName] = useState('')
  useEffect(() => {
    const section = near.current?.parentElement
    const focused = ({ target }: FocusEvent) => {
      const writes = target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && target.type === 'text' && target.getAttribute('role') !== 'combobox' && target.getAttribute('aria-haspopup') === null)
      if (!writes || near.current?.contains(target)) return
      last.current = target
      setName(target.labels?.[0]?.textContent?.replace(/\s*\*$/, '') ?? target.getAttribute('aria-label') ?? '')
    }
    section?.addEventListener('focusin', focused)
    return () => section?.removeEventListener('focusin', focused)
  }, [])
  const put = (text: string) => {
    const field = last.current
    if (!field?.isConnected) return
    const [from, to] = [field.selectionStart ?? field.value.length, field.selectionEnd ?? field.value.length]
    field.setRangeText(text, from, to, 'end')
    // React hears of it as of a key that was pressed.
    field.dispatchEvent(new Event('input', { bubbles: true }))
    field.focus()
  }
  return { near, name, there: name !== '', put }
}
