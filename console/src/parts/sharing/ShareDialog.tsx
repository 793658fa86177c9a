import { Button, Select, Tabs } from '@mantine/core'
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { get, post, remove, route } from '~/api/client'
import type { Shape } from '~/api/shape'
import { Chip } from '~/parts/Chip'
import { CopyButton } from '~/parts/CopyButton'
import { Dialog } from '~/parts/Dialog'
import { Ago } from '~/parts/Moment'
import { Answered } from '~/parts/States'
import { counted, t } from '~/words/language'
import { full } from '~/words/moments'
import styles from './ShareDialog.module.css'

type Link = Shape<'SharedLinkShape'>
type Kind = Link['kind']
const DAYS = [1, 7, 30, 90, 365]
const FOREVER = ''

const linksTo = (kind: Kind, about: string) =>
  queryOptions({
    queryKey: ['shared-links', kind, about],
    queryFn: ({ signal }) => get<Shape<'SharedLinks'>>('/api/shared-links', { kind, about }, signal),
  })

interface Props {
  kind: Kind
  id: string
  name: string
  close: () => void
}

/** Links that show a board or an insight to who has no account: made, copied, put into another page, ended. */
export function ShareDialog({ kind, id, name, close }: Props) {
  const client = useQueryClient()
  const query = useQuery(linksTo(kind, id))
  const [days, setDays] = useState('30')
  const again = () => client.invalidateQueries({ queryKey: linksTo(kind, id).queryKey })
  const make = useMutation({
    mutationFn: () => post<Link>('/api/shared-links', { kind, about: id, days: days === FOREVER ? null : Number(days) }),
    onSuccess: again,
  })
  return (
    <Dialog onClose={close} title={t('Share “{{name}}”', { name: name.slice(0, 80) })} size="lg">
      <div className={styles.all}>
        <p className="quiet">
          {kind === 'board'
            ? t('Whoever has the link sees this board as it is whenever they open it, without an account: its insights, KPIs and words. They can ask nothing else, and queries in SQL are left out.')
            : t('Whoever has the link sees this insight as it is whenever they open it, without an account. They can ask nothing else.')}
        </p>
        <form
          className={styles.make}
          onSubmit={(event) => {
            event.preventDefault()
            make.mutate()
          }}
        >
          <Select
            label={t('Opens for')}
            allowDeselect={false}
            data={[...DAYS.map((each) => ({ value: String(each), label: counted(each, '{{count}} day', '{{count}} days') })), { value: FOREVER, label: t('Until somebody ends it') }]}
            value={days}
            onChange={(next) => setDays(next ?? FOREVER)}
          />
          <Button type="submit" variant="filled" loading={make.isPending} data-autofocus>
            {t('Make a link')}
          </Button>
        </form>
        {make.isError && (
          <p role="alert" className={styles.bad}>
            {t('No link was made.')} {make.error.message}
          </p>
        )}
        <Answered query={query} what={t('The links did not load')}>
          {({ links, embed_sites }) =>
            links.length > 0 ? (
              <ul className={styles.links} aria-label={t('Links, newest first')}>
                {[...links].reverse().map((link) => (
                  <OneLink key={link.id} link={link} name={name} framed={embed_sites} ended={again} />
                ))}
              </ul>
            ) : null
          }
        </Answered>
      </div>
    </Dialog>
  )
}

const stateWords = (state: Link['state']) => ({ open: t('Still open'), expired: t('Expired'), ended: t('Ended') })[state]

function OneLink({ link, name, framed, ended }: { link: Link; name: string; framed: string[]; ended: () => Promise<void> }) {
  const end = useMutation({ mutationFn: () => remove(route`/api/shared-links/${link.id}`), onSuccess: ended })
  const frame = `<iframe src="${link.link}" title="${escaped(name)}" width="100%" height="640" style="border:0"></iframe>`
  return (
    <li className={styles.link}>
      <div className={styles.line}>
        <Chip tone={link.state === 'open' ? 'good' : 'plain'} dot>
          {stateWords(link.state)}
        </Chip>
        <span className="quiet">
          {link.by}, <Ago at={link.made_at} />
          {link.state === 'open' && link.expires_at ? ` · ${t('until {{date}}', { date: full(link.expires_at) })}` : ''}
        </span>
        {link.state === 'open' && (
          <Button variant="subtle" data-danger loading={end.isPending} onClick={() => end.mutate()}>
            {t('End this link')}
          </Button>
        )}
      </div>
      {end.isError && (
        <p role="alert" className={styles.bad}>
          {t('Not ended: it still opens.')} {end.error.message}
        </p>
      )}
      {link.state === 'open' && (
        <Tabs defaultValue="link" keepMounted={false}>
          <Tabs.List>
            <Tabs.Tab value="link">{t('Link')}</Tabs.Tab>
            <Tabs.Tab value="frame">{t('In another page')}</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="link" className={styles.text}>
            <code>{link.link}</code>
            <CopyButton text={() => link.link} label={t('Copy link')} />
          </Tabs.Panel>
          <Tabs.Panel value="frame" className={styles.text}>
            <code>{frame}</code>
            <CopyButton text={() => frame} label={t('Copy code')} />
            <p className="quiet">
              {framed.length > 0
                ? t('Browsers show it in pages of: {{sites}}', { sites: framed.join(', ') })
                : t('No site may show it in a frame yet: whoever runs the server names them in the setting embed_sites.')}
            </p>
          </Tabs.Panel>
        </Tabs>
      )}
    </li>
  )
}

const escaped = (text: string) => text.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;')
