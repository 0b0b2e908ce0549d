from __future__ import annotations

import asyncio

from sharedctx.store.link import end_task


async def test_a_task_that_swallows_a_cancellation_is_ended() -> None:
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed == 2:
                    raise

    task = asyncio.ensure_future(stubborn())
    await asyncio.sleep(0)
    await asyncio.wait_for(end_task(task), 5)
    assert task.cancelled()


async def test_a_task_that_has_failed_is_let_be() -> None:
    async def failing() -> None:
        raise ValueError

    task = asyncio.ensure_future(failing())
    await asyncio.wait({task})
    await end_task(task)
    assert isinstance(task.exception(), ValueError)
