from django.urls import reverse
from rest_framework import status
from rest_framework.test import APITestCase

from todo.models import TodoItem


class CreateTodoItem(APITestCase):
    def setUp(self):
        self.response = self.client.post(reverse("todoitem-list"), {"title": "Walk the dog"}, format="json")

    def test_answers_created(self):
        self.assertEqual(self.response.status_code, status.HTTP_201_CREATED)

    def test_stores_the_item(self):
        self.assertEqual(TodoItem.objects.get().title, "Walk the dog")

    def test_is_not_completed(self):
        self.assertFalse(TodoItem.objects.get().completed)

    def test_tells_where_it_is(self):
        self.assertIn(reverse("todoitem-detail", args=[TodoItem.objects.get().pk]), self.response.data["url"])


class ReadTodoItem(APITestCase):
    def setUp(self):
        for order, title in enumerate(("Buy milk", "Walk the dog", "Write the report")):
            TodoItem.objects.create(title=title, order=3 - order)

    def test_lists_by_order(self):
        titles = [item["title"] for item in self.client.get(reverse("todoitem-list")).data]
        self.assertEqual(titles, ["Write the report", "Walk the dog", "Buy milk"])

    def test_unknown_item_is_not_found(self):
        self.assertEqual(self.client.get(reverse("todoitem-detail", args=[4711])).status_code, status.HTTP_404_NOT_FOUND)


class ChangeTodoItem(APITestCase):
    def setUp(self):
        self.item = TodoItem.objects.create(title="Buy milk")
        self.url = reverse("todoitem-detail", args=[self.item.pk])

    def test_completes(self):
        self.client.patch(self.url, {"completed": True}, format="json")
        self.item.refresh_from_db()
        self.assertTrue(self.item.completed)

    def test_deletes(self):
        self.assertEqual(self.client.delete(self.url).status_code, status.HTTP_204_NO_CONTENT)
        self.assertEqual(TodoItem.objects.count(), 0)

    def test_deletes_all(self):
        TodoItem.objects.create(title="Walk the dog")
        self.client.delete(reverse("todoitem-list"))
        self.assertEqual(TodoItem.objects.count(), 0)
