"""What a person does about trust on the page: sets up recovery, verifies, reads the shields."""

from __future__ import annotations

import asyncio

from playwright.async_api import expect

from tests.e2e.browser import Person


async def set_up_recovery(person: Person) -> str:
    """From the banner to "Encryption is set up"; the recovery key."""
    await person.at("trust-begin").click()
    await expect(person.at("recovery-key")).not_to_be_empty()
    key = await person.at("recovery-key").inner_text()
    await expect(person.at("recovery-done")).to_be_disabled()  # Not before it is kept somewhere.
    await person.at("recovery-kept").check()
    await person.at("recovery-done").click()
    await expect(person.at("all-set")).to_be_visible()
    await person.at("trust-close").click()
    return key.strip()


async def wait_step(person: Person, step: str) -> None:
    await expect(person.at("verify-step")).to_have_attribute("data-step", step)


async def compare_emoji(asking: Person, asked: Person) -> None:
    """From the request that ``asking`` has made to the last click of both."""
    await wait_step(asked, "asked")
    await asked.at("verify-accept").click()
    await wait_step(asking, "choose")
    await asking.at("verify-emoji").click()
    await asyncio.gather(wait_step(asking, "emoji"), wait_step(asked, "emoji"))
    seen = [await each.at("emoji").inner_text() for each in (asking, asked)]
    assert seen[0] == seen[1]
    assert len(seen[0].split("\n")) >= 7
    await asyncio.gather(*(each.at("verify-match").click() for each in (asking, asked)))
    await asyncio.gather(*(wait_step(each, "done") for each in (asking, asked)))
    await asyncio.gather(*(each.at("verify-close").click() for each in (asking, asked)))


async def shield(person: Person, trust: str) -> None:
    """Waits for what the open room's shield says."""
    await expect(person.at("shield")).to_have_attribute("data-trust", trust)


STORED = """async () => {
    const found = [...Object.entries(localStorage), ...Object.entries(sessionStorage)].flat();
    for (const { name } of await indexedDB.databases()) {
        if (name.includes("::matrix-sdk-crypto")) continue;
        const open = indexedDB.open(name);
        const base = await new Promise((done, fail) => {
            open.onsuccess = () => done(open.result);
            open.onerror = () => fail(open.error);
        });
        for (const store of base.objectStoreNames) {
            const all = base.transaction(store).objectStore(store).getAll();
            await new Promise((done) => { all.onsuccess = done; });
            found.push(JSON.stringify(all.result));
        }
        base.close();
    }
    return found.join("\\n");
}"""


async def stored_outside_the_crypto_store(person: Person) -> str:
    """Everything that the page keeps in this browser, but for the SDK's own key databases."""
    return str(await person.page.evaluate(STORED))
