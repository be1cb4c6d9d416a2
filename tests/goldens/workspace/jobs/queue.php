<?php

namespace Jobs;

/** Work that is done later, in the order of its priority. */
class Queue
{
    private array $waiting = [];
    private array $failed = [];

    /** Put a task in line. */
    public function push(callable $task, int $priority = 0): void
    {
        $this->waiting[$priority][] = $task;
        krsort($this->waiting);
    }

    /** Run the next task and keep it aside when it throws. */
    public function runNext(): bool
    {
        foreach ($this->waiting as &$tasks) {
            if ($task = array_shift($tasks)) {
                try {
                    $task();
                } catch (\Throwable $error) {
                    $this->failed[] = [$task, $error];
                }
                return true;
            }
        }
        return false;
    }

    /** Give everything that failed another chance. */
    public function retryFailed(): int
    {
        $count = count($this->failed);
        foreach ($this->failed as [$task, $error]) {
            $this->push($task);
        }
        $this->failed = [];
        return $count;
    }
}

/** Send a message to an address through the local mail program. */
function send_email(string $to, string $subject, string $body): bool
{
    return mail($to, $subject, wordwrap($body, 70));
}
